"""What the screen and the engine say to each other: replies, the chat protocol, wording, clock."""
