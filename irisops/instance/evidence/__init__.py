"""Evidence of a real instance: what its reads answer, as shapes, and which doubts that settles.

Read only, bounded, and without names: the file is meant to be given to strangers.
"""
