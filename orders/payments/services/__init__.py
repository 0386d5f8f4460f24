"""Write payments. The provider is asked outside of transactions; its answer is applied in one."""
