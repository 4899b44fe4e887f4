"""Runs code that a model wrote, where it can harm nothing: one confined Jupyter kernel per visitor.

`values` has what comes out, `protocol` what a front end needs of a sandbox; `manager` opens
sandboxes and `probe` says which confinement this computer can give.
"""
