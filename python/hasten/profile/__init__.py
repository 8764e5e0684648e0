"""What a capture says below the line: the bytecode of a function, and how the interpreter ran each instruction."""
