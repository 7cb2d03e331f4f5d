"""The live side: sockets, their registry (the hub), the doorbell between processes, and leaving in good order."""
