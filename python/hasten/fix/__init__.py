"""Proposes changes to a program, tries them, and proves them: same answer, faster program."""
