"""The notifier: says each problem once, in one message, and loses none."""
