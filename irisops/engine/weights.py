"""What speaks for a meaning of a sentence, and by how much. Set by hand on the corpora in `tests/engine/corpus`.

Scores are sums: a gain of 1 is what the very words of an example bring, about. Each weight is there because some
sentences of the corpora are understood better with it than without.
"""

from __future__ import annotations

# How alike a sentence is to the examples

NEAR = 0.5
"""Weight of the likeness to the nearest examples of the line."""
TOGETHER = (1.0, 0.5, 0.25, 0.25)
"""What the nearest examples of a line count, the nearest first: several alike say more than one."""
SAME = 1.4
"""Gain of a line with an example of the same words."""
NEIGHBOURS = 0.5
"""Weight of a pair of neighbouring words against that of a word."""
SAID = 0.5
"""Weight of a word as it was said against that of its meaning."""
WHOLE = 0.05
"""Weight of how much likelier the best command is than this one, as the logarithm of the odds."""
TELLS = 3.0
"""How much more a word of the command counts than one of all."""
SMOOTH = 0.1
"""Share of the words of an average command by which those of each are made up: a command with few has no edge."""
OFTEN = 20
"""Times that the name of a command counts as said: a misspelt word is one rather than a rare word."""

# What the sentence says, and what the line says

COVERED = 0.4
"""Weight of the share of the sentence that a meaning accounts for."""
MISSING = 0.8
"""Cost of a place that nothing fills."""
ALL_MISSING = 1.1
"""Most that places without a filling cost together: `grant something` is about /grant all the same."""
EXISTS = 0.3
"""Cost of a new name that something has already."""
UNUSED = 0.35
"""Cost of a name or number that the line has no place for."""
GUESSED = 0.22
"""Cost of a place filled with an unknown word that looks like no name."""
ALTERNATIVE = 0.15
"""Cost of a reading with another word in a place than the one that fits best."""
OTHER = 0.4
"""Cost of a line with another choice than the one that is said: `/plot units` of sessions."""
NAMED = 1.2
"""Gain of a line whose command is the first word: `grant something`."""
SAID_TOO = 0.1
"""Gain of a line with an option or a filter that is said, beside what it accounts for."""
SEARCHED = 0.3
"""Cost of a name that a list is searched for: most names are rather what another command is about."""

# A look or a change

ASKED = 0.2
"""Cost of a change where the sentence is a question."""
CHANGES = 0.06
"""Cost of a change: between a look and a change, equally likely, the look comes first."""

# Other instances

ELSEWHERE = 0.2
"""Gain of /on where an instance is named."""
SEVERAL = 0.4
"""The same of several, beside it: no other line names them all."""

# Long sentences

LONG = 10
"""Words above which a sentence is compared clause by clause, too."""
PART = 0.7
"""Weight of the likeness of one clause of a long sentence."""
SHORT = 5
"""Words up to which a sentence has no story."""
DOUBTFUL = 0.0
"""Score of a whole sentence below which its clauses are heard."""
ONE_CLAUSE = 0.8
"""Cost of a meaning of one clause alone."""
CLAUSES_READ = 3
"""Clauses that are heard, the last ones: the wish comes behind the story."""

# Beyond doubt

CLOSE = 0.3
"""Difference of scores within which another line is as likely."""
ENOUGH = 2
"""Words that say something, in a sentence that is beyond doubt."""
EXACT = 0.9
"""Likeness to an example that says that very thing."""
NEARLY = 0.8
"""The same where the example has words that say little."""
SHOWN_LIKE = 0.75
"""Likeness to an example with which something is shown unasked: at worst it is read in vain."""
SHOWN_LESS_LIKE = 0.65
"""The same where no other command comes near."""
FAR_AHEAD = 1.0
"""Difference of scores to the next command, which then does not come near."""
SHOWN_COVERED = 0.85
"""Share of the sentence that what is shown accounts for."""
DONE_LIKE = 0.85
"""Likeness to an example with which something is planned or done unasked."""
DONE_COVERED = 0.9
"""Share of the sentence that it accounts for."""

# What is offered

COMMANDS = 0.4
"""Score by which a command is less likely than another by a factor of e."""
LINES = 0.2
"""The same of two lines of one command."""
LIKELY = -0.5
"""Score below which nothing is offered for a sentence that names nothing."""

# Bounds on the time that a sentence takes

COMPARED = 12
"""Commands of which the lines are compared, the likeliest."""
TRIED = 24
"""Lines of which the places are filled."""
VARIED = 3
"""Lines of which other readings are offered, too."""
COMMONEST = 1.6
"""Weight up to which a word is in so many examples that it only costs time in a long sentence."""
LONG_LOOKUP = 6
"""Words above which a sentence is long for that."""
