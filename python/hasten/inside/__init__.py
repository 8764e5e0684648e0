"""What a program asks of Hasten about itself: `hasten.profile`, `hasten.label` and the magics of IPython."""
