"""What is between the user and the code: flags, errors of one sentence, files written whole."""
