"""The databases: how each engine calls the algorithms of `adsql`."""
