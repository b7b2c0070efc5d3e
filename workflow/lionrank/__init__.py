"""Lion versus AdamW for cross-encoder reranking: the code behind the workflow's rules."""
