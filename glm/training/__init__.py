"""How the built-in model was taught: generated dialogues, LoRA training, evaluation.

Nothing here runs when the product is used. `python -m glm.training.train` makes an
adapter, `python -m glm.training.evaluate` measures it on what training never saw.
"""
