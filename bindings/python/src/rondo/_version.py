__version__ = "0.1.0"  # of the library that these bindings are written for
