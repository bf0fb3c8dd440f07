"""Files of users and for them: read with care, arrays checked before they are allocated, written whole or not at all."""
