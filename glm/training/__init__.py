"""How the built-in model was taught: generated dialogues, LoRA training, evaluation.

Nothing here runs when the product is used; `python -m glm.training` reproduces the adapter.
"""
