"""What the experiment on depth measures with: random networks before training, and networks of any depth, trained by one program."""
