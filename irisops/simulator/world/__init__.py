"""The state behind the simulator: records, clock, license. Pure: no wire protocol, no SQL."""
