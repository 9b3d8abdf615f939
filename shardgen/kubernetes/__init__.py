"""The fleet in, the manifests of a Kubernetes cluster out."""
