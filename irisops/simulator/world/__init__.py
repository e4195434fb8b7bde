"""The small world behind the simulator: its records, its clock, its license. Pure; knows no wire and no SQL."""
