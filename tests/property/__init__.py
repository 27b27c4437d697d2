"""Laws that hold for every input, searched by hypothesis."""

from hypothesis import settings

settings.register_profile("laws", deadline=None, database=None)
settings.load_profile("laws")
