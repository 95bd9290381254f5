"""The tests: one module a module, and the whole graph, the faults, the stack and the browser beside them."""
