/// skeleton
