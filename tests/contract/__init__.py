"""An outsider's tests of what the contract promises: over HTTP and WebSocket alone, on both stacks, one server for all.

Each quotes the sentence that it holds. What tests/realtime, tests/tasks and tests/deploy already hold over the wire is
not said again here.
"""
