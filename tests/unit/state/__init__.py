"""The journal and the memory of earlier looks, on real files."""
