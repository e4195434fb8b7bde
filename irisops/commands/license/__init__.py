"""License: units and their holders, forecasts, advice, and help when it is full."""
