"""What tests share: servers of their own, real Wardlight processes, clients and a browser."""
