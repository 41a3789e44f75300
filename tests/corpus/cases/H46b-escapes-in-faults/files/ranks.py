def rank(x):
    raise ValueError('\x1b[2J\x1b]0;owned\x07<b>\r\u202e' * 50)
