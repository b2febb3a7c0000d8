"""The convolution chapter, derived: its figures and what its sources claim.

Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 9, https://www.deeplearningbook.org
"""
