"""What holds for the cluster in memory and for a real API server alike."""
