"""mrsift tells what every series of an MR study is, from its pixels."""

__version__ = "0.1.0"
