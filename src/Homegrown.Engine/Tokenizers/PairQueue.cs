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
    readonly Bucket?[] near = new Bucket?[64]; // by the low bits of the priority, before asking the dictionary
    Bucket? first;  // the one to take from, while it is known

    public void Push(int priority, int position)
    {
        ref var bucket = ref near[priority & (near.Length - 1)];
        if (bucket?.Priority != priority && !buckets.TryGetValue(priority, out bucket))
        {
            if (!spare.TryPop(out bucket)) bucket = new Bucket();
            bucket.Priority = priority;
            buckets.Add(priority, bucket);
            order.Enqueue(bucket, priority);
            first = null;
        }
        bucket.Add(position);
    }

    public bool TryPop(out int priority, out int position)
    {
        while (first is not null || order.TryPeek(out first, out _))
        {
            priority = first.Priority;
            if (first.TryTake(out position)) return true;
            buckets.Remove(priority);
            spare.Push(order.Dequeue());
            near[priority & (near.Length - 1)] = null;
            first = null;
        }
        (priority, position) = (0, -1);
        return false;
    }

    sealed class Bucket
    {
        readonly List<int> run = [];
        readonly PriorityQueue<int, int> late = new();
        int taken;

        public int Priority { get; set; }

        public void Add(int position)
        {
            if (run.Count == 0 || position >= run[^1]) run.Add(position);
            else late.Enqueue(position, position);
        }

        public bool TryTake(out int position)
        {
            var runs = taken < run.Count;
            if (late.Count > 0 && (!runs || late.Peek() < run[taken]))
            {
                position = late.Dequeue();
                return true;
            }
            position = runs ? run[taken++] : -1;
            if (runs) return true;
            run.Clear();
            taken = 0;
            return false;
        }
    }
}
