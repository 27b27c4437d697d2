"""Tests of where objects come from: text, manifests, snapshots."""
