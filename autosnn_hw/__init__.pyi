from autosnn_hw.activity import Activity as Activity
from autosnn_hw.architecture import Architecture as Architecture
from autosnn_hw.cost_report import CostReport as CostReport
from autosnn_hw.errors import AutosnnError as AutosnnError
from autosnn_hw.errors import InputError as InputError
from autosnn_hw.folded import FoldedNetwork as FoldedNetwork
from autosnn_hw.network import ChipNetwork as ChipNetwork
from autosnn_hw.network import ConvLayer as ConvLayer
from autosnn_hw.network import CubaNeuron as CubaNeuron
from autosnn_hw.network import DenseLayer as DenseLayer
from autosnn_hw.network import InputLayer as InputLayer
from autosnn_hw.network import Readout as Readout
from autosnn_hw.verbs import check as check
from autosnn_hw.verbs import from_nir as from_nir
from autosnn_hw.verbs import from_torch as from_torch
from autosnn_hw.verbs import import_network as import_network
from autosnn_hw.verbs import load_profile as load_profile
from autosnn_hw.verbs import place as place
from autosnn_hw.verbs import price as price
from autosnn_hw.verbs import read as read
from autosnn_hw.verbs import search as search
from autosnn_hw.verbs import simulate as simulate
from autosnn_hw.verbs import trace as trace
from autosnn_hw.verbs import write as write

__version__: str
