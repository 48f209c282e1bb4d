"""What benchmarks/speed.py measures: cases that run in a process of their own, and the tables made of their figures."""
