"""What goes on being looked at: pinned cards, alerts, plots of the counts."""
