"""What runs inside the program under trial. Stands alone: the program's Python need not have Hasten installed."""
