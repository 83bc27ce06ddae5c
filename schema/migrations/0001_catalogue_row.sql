INSERT INTO `catalogue` (`id`, `revision`) VALUES (1, 0);
