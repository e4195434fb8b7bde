"""`irisops mcp`: the commands as tools for an agent, by the policy of each profile. Changes need a person's yes."""
