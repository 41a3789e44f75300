/* Protected by the target: the contract of `sweep`. */
