"""Tests against a real kube-apiserver with etcd behind it."""
