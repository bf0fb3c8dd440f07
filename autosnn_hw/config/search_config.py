"""`SearchConfig`: every choice of a search, defined once. The options of the command line, their help and ranges, config.toml
and its validation are all made from its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from autosnn_hw.architecture.own_space import PoolList, SpaceChoice
from autosnn_hw.architecture.size_list import SizeList
from autosnn_hw.config.choice import LIMITS, MACHINE, MEASURING, MOST, SEARCH, TRAINING, WHAT, choice, first_wrong, size
from autosnn_hw.config.halving import most_rungs
from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.default_target import DEFAULT_TARGET
from autosnn_hw.errors import InputError

if TYPE_CHECKING:
    Objective = str
else:
    Objective = Literal[tuple(OBJECTIVES)]


class SearchConfig(BaseModel):
    """Choices of one search; each field's description says what it is. None is the default that its help names.

    Raises:
        InputError: an unknown key, or a value of the wrong type or out of bounds; names the key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    target: str = choice(DEFAULT_TARGET, WHAT, "Profile of the chip.", metavar="NAME|FILE.toml")
    dataset: str = choice(
        "digits",
        WHAT,
        "digits, events, mnist, fashion-mnist, cifar10, cifar100, svhn, tiny-imagenet, nmnist, cifar10-dvs, dvs128-gesture (these three "
        "also as NAME:T, T frames of equal numbers of events, or NAME:T:time), folder:PATH (a sub-folder a class), or npz:PATH "
        "(npz:TRAIN,TEST).",
        metavar="NAME|folder:PATH|npz:PATH",
    )
    data_dir: str | None = choice(None, WHAT, "Folder of the dataset's files.", metavar="DIR")
    download: bool = choice(
        False,
        WHAT,
        "Download the dataset where it is missing: mnist, fashion-mnist, cifar10, cifar100, svhn, cifar10-dvs or dvs128-gesture.",
    )
    graded: bool = choice(
        False,
        WHAT,
        "Event frames as counts (graded spikes), where the target takes them; without, a value above 0 is a spike.",
    )
    space: SpaceChoice = choice(
        "SNN_1",
        WHAT,
        "Macro-architecture: SNN_1, SNN_2, SNN_3, or a file that says slots, their blocks, pools and sizes.",
        metavar="NAME|FILE.toml",
    )
    width: SizeList = size(
        "width", WHAT, "Base width C; several (8,12,16) are searched.", metavar="N[,N..]", le=None, also="--widths"
    )
    timesteps: SizeList = size(
        "timesteps",
        WHAT,
        "Steps a sample; several (2,4,8) are searched, all of them read off one run. Event frames say theirs.",
        metavar="N[,N..]",
        le=None,
    )
    pools: PoolList = choice(
        None,
        WHAT,
        "Slots that a pool follows, 0 in front of TBD1; several placements (1.3,1.2,2.4) are searched.",
        shown="the macro-architecture's own",
        metavar="N.N[,N.N..]",
    )
    grouped: bool | None = choice(
        None,
        WHAT,
        "Search the groups of each block's convolutions, too.",
        shown="yes for crossbar targets such as truenorth",
    )
    groupings: Literal["all", "fewest"] = choice(
        "all",
        WHAT,
        "Of a grouped block every number of groups that suits the target, or the fewest only: easier to learn, but fewer "
        "architectures fit.",
    )
    objective: Objective = choice("energy", SEARCH, "Cost in the fitness.")
    lam: float = choice(-0.08, SEARCH, "Exponent of cost / mean cost; 0 or negative.", option="lambda", ge=-10, le=0)
    strategy: Literal["auto", "walk", "evolution", "nsga2", "random"] = choice(
        "auto",
        SEARCH,
        "walk judges the whole space; auto walks where that is no dearer than --budget or, without one, than twice the "
        "training of the super-network, else evolution (for crossbar targets always; a walk there places only what can still win); "
        "nsga2 spreads over accuracy, energy and latency.",
    )
    generations: int = choice(6, SEARCH, "Generations of the evolution.", ge=1)
    pool: int = choice(20, SEARCH, "Candidates a generation.", ge=1)
    budget: int | None = choice(
        None,
        SEARCH,
        "Candidates in all, the mean-cost sample included.",
        shown="what the generations come to",
        ge=2,
        le=MOST,
    )
    mean_cost_samples: int = choice(50, SEARCH, "Random architectures that give the mean cost.", ge=0)
    evaluate: int | None = choice(
        None, SEARCH, "Validation samples a candidate is judged on.", shown="all", ge=1, le=MOST
    )
    max_energy: float | None = choice(None, LIMITS, "Hard constraint, J an inference.", unit="J", gt=0)
    max_latency: float | None = choice(None, LIMITS, "Hard constraint, s.", unit="s", gt=0)
    max_cores: int | None = choice(None, LIMITS, "Hard constraint.", ge=1, le=MOST)
    measure: int = size("measure", MEASURING, "Candidates a generation that are measured.", ge=0)
    samples: int = choice(16, MEASURING, "Samples of each measurement.", ge=1)
    backend: Literal["lava", "board"] = choice(
        "lava", MEASURING, "Where candidates are measured: in Lava's simulator or on a Loihi 2 board."
    )
    epochs: int = size("epochs", TRAINING, "Epochs of the super-network.", ge=1)
    learning_rate: float = size(
        "learning_rate", TRAINING, "Of the super-network and the networks (Adam, start of the cosine).", gt=0, le=10
    )
    batch: int = size("batch", TRAINING, "Images an update.", ge=1)
    sampling: Literal["fair", "single"] = choice(
        "fair", TRAINING, "Paths of the super-network: strict fairness or the paper's uniform single path."
    )
    sharing: Literal["entangled", "separate"] = choice(
        "entangled", TRAINING, "Blocks of a slot share their convolutions, or each has its own as in the paper."
    )
    warm_up: int | None = choice(
        None,
        TRAINING,
        "Epochs, of --epochs, of one path alone.",
        shown="a quarter; 0 with --sampling single",
        ge=0,
    )
    retrain: Literal["inherit", "scratch", "both"] = choice(
        "inherit",
        TRAINING,
        "Weights of winner and baselines: inherit goes on from the super-network's, scratch is the paper's rule, both takes "
        "what is better on the validation images.",
    )
    seeds: int = choice(
        1,
        TRAINING,
        "Seeds of the final training of winner and baselines: their accuracies as mean and interval. Other finalists get two, for "
        "the ceiling of the ranking.",
        ge=1,
        le=1000,
    )
    finalists: int = size(
        "finalists",
        TRAINING,
        "Candidates that are trained on and judged again, half of them the best of the ranking, the others chosen by what "
        "these were like; the best wins (not with scratch).",
        ge=1,
    )
    rungs: int = choice(
        1,
        TRAINING,
        "Rungs in which finalists are trained on: more of them begin, after each rung the better half goes on to twice the epochs, and all "
        "together take no more epochs than --finalists without rungs (not with scratch or both).",
        ge=1,
    )
    retrain_epochs: int = size(
        "retrain_epochs",
        TRAINING,
        "Epochs as floats of winner and baselines, from scratch or from inherited weights on.",
        ge=1,
    )
    finetune_epochs: int = size("finetune_epochs", TRAINING, "Epochs with the integer forward in the loop.", ge=0)
    baselines: bool = choice(
        True,
        TRAINING,
        "Train baselines, too: the published architectures that the space has and the best of random search (and for a crossbar the "
        "winner as Loihi 2 runs it).",
    )
    supernet: str | None = choice(None, TRAINING, "Start from the trained super-network of a run.", metavar="RUN")
    loss: Literal["votes", "steps"] = choice(
        "votes",
        TRAINING,
        "Squared error of the votes of all steps together, or mean of the errors of each step's votes.",
    )
    distillation: float = choice(
        0.0,
        TRAINING,
        "Of networks, not of the super-network: share, in what they learn, of the answers of a ReLU network of the same architecture, which "
        "is trained first.",
        ge=0,
        le=1,
    )
    weight_decay: float = choice(0.0, TRAINING, "Of weights and kernels, decoupled (AdamW).", ge=0, le=10)
    augment: Literal["auto", "none", "crop", "crop-flip", "crop-cutout", "crop-flip-cutout"] = choice(
        "auto",
        TRAINING,
        "Change training samples at random: shifted by up to an eighth of their side, mirrored, a square of half their side made "
        "black; auto is crop-flip for images of 3 x 32 x 32, else none.",
    )
    averaged_epochs: int | None = choice(
        None,
        TRAINING,
        "Of networks: so many last epochs as floats whose weights are averaged, batch norm estimated anew; 0 and 1 are none.",
        shown="a quarter of the epochs from scratch on images, else none",
        ge=0,
        le=MOST,
    )
    rate_decay: Literal["cosine", "constant"] = choice(
        "cosine", TRAINING, "Of the learning rate: a cosine down to 0, or none."
    )
    spike_regularisation: float = choice(
        0.0,
        TRAINING,
        "Weight of the firing rate in the loss (AutoSNN's lambda_reg; the formula is ours: docs/training.md); 0 is none.",
        ge=0,
        le=1000,
    )
    precision: Literal["float32", "bfloat16"] = choice(
        "float32",
        TRAINING,
        "Of the convolutions in training; bfloat16 needs a processor that has it, and pays on large images only. What is "
        "deployed is integers either way.",
    )
    device: Literal["cpu", "cuda"] = choice("cpu", MACHINE, "For training.")
    workers: int = choice(0, MACHINE, "Processes; 0 is one a core, at most 4. No number depends on it.", ge=0, le=4096)
    scheduler: str | None = choice(
        None,
        MACHINE,
        "Address of a Dask scheduler, whose workers judge, train finalists and measure in the place of --workers; 'local' is "
        "none. No number depends on it.",
        metavar="tcp://HOST:PORT",
    )
    core_watts: float | None = choice(
        None, MACHINE, "Power of a busy core, W, for the search's own energy.", shown="12 (3.8 to 23.8)", gt=0, le=1000
    )
    storage: str | None = choice(
        None,
        MACHINE,
        "Database of the study: any RDB URL that Optuna takes; $NAMES in it are taken from the environment.",
        shown="study.db in the run folder",
        metavar="URL",
    )
    seed: int = choice(0, MACHINE, "Seed of everything random.", ge=0, le=2**63 - 1)

    @model_validator(mode="after")
    def _warm_up_within_epochs(self) -> SearchConfig:
        if self.warm_up is not None and self.warm_up > self.epochs:
            raise ValueError(f"warm_up is {self.warm_up}; 0 to {self.epochs} (epochs) are allowed")
        return self

    @model_validator(mode="after")
    def _rungs_within_epochs(self) -> SearchConfig:
        if self.rungs > 1 and self.retrain != "inherit":
            raise ValueError(
                f"rungs is {self.rungs}; with retrain {self.retrain} only 1 is allowed, with inherit more work"
            )
        most = most_rungs(self.retrain_epochs)
        if self.rungs > most:
            raise ValueError(
                f"rungs is {self.rungs}; 1 to {most} are allowed: the {self.retrain_epochs} retrain_epochs are halved from rung to rung"
            )
        return self

    @model_validator(mode="after")
    def _no_password_in_files(self) -> SearchConfig:
        password = None if self.storage is None else urlsplit(self.storage).password
        if password and not password.startswith("$"):
            raise ValueError(
                "the password in --storage would stand in the run folder; write '$NAME' in its place and set that variable, "
                "or leave it to the database's own password file"
            )
        return self

    if not TYPE_CHECKING:  # the model's own signature is what is checked

        def __init__(self, /, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise InputError(f"{first_wrong(error, SearchConfig)}.") from None

    def to_toml(self) -> str:
        """TOML text; values that are None are left out (None is their default)."""
        import tomli_w

        return tomli_w.dumps({"search": self.model_dump(exclude_none=True)})

    def with_changes(self, **changes: Any) -> SearchConfig:
        """The config with other choices, checked as new ones are."""
        return SearchConfig(**(self.model_dump() | changes))
