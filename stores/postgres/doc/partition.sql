-- Divides a log by position, so that old partitions can be moved to slower disks, or detached once
-- they are kept elsewhere; as the owner. The first time, no program may have the store open.
SELECT esrs.partition_events(10000000);

-- Again from time to time, while programs append: so that another partition of that size stands ready.
SELECT esrs.partition_events(10000000);
