"""What a person can ask for, one module per noun. Returns replies and plans; knows no Textual."""
