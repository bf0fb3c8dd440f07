"""What candidates are judged by: inherited weights to integers, one by one or subtree by subtree, measured in Lava, and priced again elsewhere."""
