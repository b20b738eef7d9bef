"""Again: the same functions over files and history, without a broker."""
