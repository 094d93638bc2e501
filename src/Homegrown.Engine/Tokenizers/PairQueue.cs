namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// A priority queue of (priority, position), smallest first, for pairs of a text. Merging finds the pairs of one priority mostly from
/// left to right, so each priority has a run of ascending positions: adding and taking cost constant time there, where a single heap
/// would pay a logarithm for each of a million equal pairs. What comes out of order goes to a heap beside the run.
/// </summary>
sealed class PairQueue
{
    readonly PriorityQueue<Bucket, int> order = new();
    readonly Dictionary<int, Bucket> buckets = [];
    readonly Stack<Bucket> spare = [];

    public void Push(int priority, int position)
    {
        if (!buckets.TryGetValue(priority, out var bucket))
        {
            if (!spare.TryPop(out bucket)) bucket = new Bucket();
            buckets.Add(priority, bucket);
            order.Enqueue(bucket, priority);
        }
        bucket.Add(position);
    }

    public bool TryPop(out int priority, out int position)
    {
        while (order.TryPeek(out var bucket, out priority))
        {
            if (bucket.TryTake(out position)) return true;
            order.Dequeue();
            buckets.Remove(priority);
            spare.Push(bucket);
        }
        position = -1;
        return false;
    }

    sealed class Bucket
    {
        readonly List<int> run = [];
        readonly PriorityQueue<int, int> late = new();
        int taken;

        public void Add(int position)
        {
            if (run.Count == 0 || position >= run[^1]) run.Add(position);
            else late.Enqueue(position, position);
        }

        public bool TryTake(out int position)
        {
            var runs = taken < run.Count;
            if (late.TryPeek(out position, out _) && (!runs || position < run[taken]))
            {
                late.Dequeue();
                return true;
            }
            if (!runs)
            {
                run.Clear();
                taken = 0;
                return false;
            }
            position = run[taken++];
            return true;
        }
    }
}
