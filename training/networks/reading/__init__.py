"""What a network reads of rows, from the ledger to tensors."""
