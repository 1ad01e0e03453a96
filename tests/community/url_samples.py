EVERY_MEMBER = {"community:home"}
