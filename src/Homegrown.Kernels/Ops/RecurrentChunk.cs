using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Eight rows of a recurrence at once (the chunks of Yang et al. 2024, arXiv 2406.06484 §3.2, and with decays 2412.06464 §3.3). With G[t] the
/// decay from the chunk's beginning on, what enters in row t is e[t] = beta (v - Sᵀ G[t] k[t] - sum over s before t of e[s] times what k[t] has
/// of k[s]), the result Sᵀ G[t] q[t] + sum up to t of e[s] times what q[t] has of k[s]: the state S is read for all rows together, and written
/// once. Nothing is divided by a decay: those from s to t are multiplied up.
/// </summary>
unsafe ref struct RecurrentChunk
{
    public const int Rows = 8;

    const int Line = 16;    // the widest vector

    readonly int keyDim;
    readonly bool delta;

    // What a row's key, and its query, have of the key of a row before, [rows, rows] each.
    readonly float* keyToKey, queryToKey;

    // Decays that all channels have in common, from the beginning to a row and from a row to the end, [rows] each; of each channel to the end, [keyDim].
    readonly float* before, after, total;

    // Of one vector of columns: the state's answers to keys, and to queries, and what enters, [rows, line] each.
    readonly float* answers, results, entering;

    // Keys and queries that fade by channel, [rows, keyDim] each.
    readonly float* fadedKeys, fadedQueries, fadingKeys;

    // Keys and queries as they are asked for at the beginning, keys as they are written at the end: rows at a stride.
    float* askedKeys, askedQueries, writtenKeys;
    int keyStride, queryStride;

    /// <param name="memory">Of one thread, <see cref="Floats"/>.</param>
    /// <param name="delta">What the state answers to a key is taken from the value.</param>
    public RecurrentChunk(float* memory, int keyDim, bool delta)
    {
        (this.keyDim, this.delta) = (keyDim, delta);
        answers = memory;
        results = answers + (Rows * Line);
        entering = results + (Rows * Line);
        keyToKey = entering + (Rows * Line);
        queryToKey = keyToKey + (Rows * Rows);
        before = queryToKey + (Rows * Rows);
        after = before + Rows;
        fadedKeys = after + Rows;
        fadedQueries = fadedKeys + (Rows * keyDim);
        fadingKeys = fadedQueries + (Rows * keyDim);
        total = fadingKeys + (Rows * keyDim);
    }

    public static long Floats(int keyDim) => (3 * Rows * Line) + (2 * Rows * Rows) + (2 * Rows) + (((3L * Rows) + 1) * keyDim);

    /// <summary>Works out what all columns need of rows that fade in all channels alike.</summary>
    /// <param name="k">Of the first row, [keyDim], as q; strides lead to the next.</param>
    /// <param name="decay">Of the first row: one number; a stride of 0 for the same in all rows.</param>
    public void Relate<TLanes>(float* k, int kStride, float* q, int qStride, float* decay, int decayStride)
        where TLanes : struct, ILanes<TLanes>
    {
        var all = 1f;
        for (var t = 0; t < Rows; t++) before[t] = all *= decay[t * decayStride];
        new Span<float>(total, keyDim).Fill(all);
        for (var s = 0; s < Rows; s++)
        {
            var left = 1f;
            for (var t = s; t < Rows; t++)
            {
                if (t > s) left *= decay[t * decayStride];
                Compare<TLanes>(k + (t * kStride), q + (t * qStride), k + (s * kStride), left, (t * Rows) + s);
            }

            after[s] = left;
        }

        askedKeys = writtenKeys = k;
        askedQueries = q;
        (keyStride, queryStride) = (kStride, qStride);
    }

    /// <summary>The same of rows of which every channel fades by itself.</summary>
    /// <param name="decay">Of the first row, [keyDim].</param>
    public void RelateChannels<TLanes>(float* k, int kStride, float* q, int qStride, float* decay, int decayStride)
        where TLanes : struct, ILanes<TLanes>
    {
        new Span<float>(before, Rows).Fill(1);
        new Span<float>(after, Rows).Fill(1);
        for (var s = 0; s < Rows; s++)
        {
            var fading = fadingKeys + (s * keyDim);
            new Span<float>(k + (s * kStride), keyDim).CopyTo(new(fading, keyDim));
            for (var t = s; t < Rows; t++)
            {
                if (t > s) Multiply<TLanes>(fading, fading, decay + (t * decayStride));
                Compare<TLanes>(k + (t * kStride), q + (t * qStride), fading, 1, (t * Rows) + s);
            }
        }

        new Span<float>(total, keyDim).Fill(1);
        for (var t = 0; t < Rows; t++)
        {
            Multiply<TLanes>(total, total, decay + (t * decayStride));
            Multiply<TLanes>(fadedKeys + (t * keyDim), total, k + (t * kStride));
            Multiply<TLanes>(fadedQueries + (t * keyDim), total, q + (t * qStride));
        }

        askedKeys = fadedKeys;
        askedQueries = fadedQueries;
        writtenKeys = fadingKeys;
        keyStride = queryStride = keyDim;
    }

    /// <summary>One vector of columns through all rows.</summary>
    /// <param name="state">[keyDim, stride].</param>
    /// <param name="v">Of the first row; its stride leads to the next, as y's and beta's.</param>
    /// <param name="beta">Of the first row, or null for 1.</param>
    /// <param name="skip">What of the value is added to the result.</param>
    public readonly void Run<TLanes>(float* state, int stride, float* v, int vStride, float* y, int yStride, float* beta, int betaStride, float scale, float skip)
        where TLanes : struct, ILanes<TLanes>
    {
        if (delta) Ask<TLanes>(askedKeys, keyStride, state, stride, answers);
        Ask<TLanes>(askedQueries, queryStride, state, stride, results);
        for (var t = 0; t < Rows; t++)
        {
            float* ofKeys = keyToKey + (t * Rows), ofQueries = queryToKey + (t * Rows);
            var value = TLanes.Load(v + (t * vStride));
            var (enters, result, faded) = (value, TLanes.Create(0), TLanes.Create(before[t]));
            if (delta)
            {
                enters -= TLanes.Load(answers + (t * Line)) * faded;
                for (var s = 0; s < t; s++) enters -= TLanes.Create(ofKeys[s]) * TLanes.Load(entering + (s * Line));
            }

            if (beta != null) enters *= TLanes.Create(beta[t * betaStride]);
            enters.Store(entering + (t * Line));
            for (var s = 0; s <= t; s++) result = TLanes.MultiplyAdd(TLanes.Create(ofQueries[s]), TLanes.Load(entering + (s * Line)), result);
            result = TLanes.MultiplyAdd(TLanes.Load(results + (t * Line)), faded, result) * TLanes.Create(scale);
            TLanes.MultiplyAdd(TLanes.Create(skip), value, result).Store(y + (t * yStride));
        }

        for (var t = 0; t < Rows; t++) (TLanes.Load(entering + (t * Line)) * TLanes.Create(after[t])).Store(entering + (t * Line));
        Write<TLanes>(state, stride);
    }

    /// <summary>Products of the state with the keys or queries of eight rows, to [rows, line].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Ask<TLanes>(float* x, int xStride, float* state, int stride, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x4 + xStride, x6 = x5 + xStride, x7 = x6 + xStride;
        TLanes a = TLanes.Create(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (nint i = 0; i < keyDim; i++, state += stride)
        {
            var s = TLanes.Load(state);
            a = TLanes.MultiplyAdd(TLanes.Create(x[i]), s, a);
            b = TLanes.MultiplyAdd(TLanes.Create(x1[i]), s, b);
            c = TLanes.MultiplyAdd(TLanes.Create(x2[i]), s, c);
            d = TLanes.MultiplyAdd(TLanes.Create(x3[i]), s, d);
            e = TLanes.MultiplyAdd(TLanes.Create(x4[i]), s, e);
            f = TLanes.MultiplyAdd(TLanes.Create(x5[i]), s, f);
            g = TLanes.MultiplyAdd(TLanes.Create(x6[i]), s, g);
            h = TLanes.MultiplyAdd(TLanes.Create(x7[i]), s, h);
        }

        a.Store(to);
        b.Store(to + Line);
        c.Store(to + (2 * Line));
        d.Store(to + (3 * Line));
        e.Store(to + (4 * Line));
        f.Store(to + (5 * Line));
        g.Store(to + (6 * Line));
        h.Store(to + (7 * Line));
    }

    /// <summary>The state fades, and what the rows enter is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Write<TLanes>(float* state, int stride)
        where TLanes : struct, ILanes<TLanes>
    {
        float* k = writtenKeys, k1 = k + keyStride, k2 = k1 + keyStride, k3 = k2 + keyStride, k4 = k3 + keyStride, k5 = k4 + keyStride, k6 = k5 + keyStride, k7 = k6 + keyStride;
        float* from = entering, left = total;
        TLanes a = TLanes.Load(from), b = TLanes.Load(from + Line), c = TLanes.Load(from + (2 * Line)), d = TLanes.Load(from + (3 * Line)),
            e = TLanes.Load(from + (4 * Line)), f = TLanes.Load(from + (5 * Line)), g = TLanes.Load(from + (6 * Line)), h = TLanes.Load(from + (7 * Line));
        for (nint i = 0; i < keyDim; i++, state += stride)
        {
            var (even, odd) = (TLanes.Load(state) * TLanes.Create(left[i]), TLanes.Create(k1[i]) * b);
            even = TLanes.MultiplyAdd(TLanes.Create(k[i]), a, even);
            even = TLanes.MultiplyAdd(TLanes.Create(k2[i]), c, even);
            odd = TLanes.MultiplyAdd(TLanes.Create(k3[i]), d, odd);
            even = TLanes.MultiplyAdd(TLanes.Create(k4[i]), e, even);
            odd = TLanes.MultiplyAdd(TLanes.Create(k5[i]), f, odd);
            even = TLanes.MultiplyAdd(TLanes.Create(k6[i]), g, even);
            odd = TLanes.MultiplyAdd(TLanes.Create(k7[i]), h, odd);
            (even + odd).Store(state);
        }
    }

    /// <summary>What a key and a query have of a key, times what is left of that.</summary>
    /// <param name="at">Row of the first two times rows, plus row of the last.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Compare<TLanes>(float* key, float* query, float* with, float left, int at)
        where TLanes : struct, ILanes<TLanes>
    {
        var (ofKey, ofQuery, i) = (TLanes.Create(0), TLanes.Create(0), 0);
        for (; i <= keyDim - TLanes.Count; i += TLanes.Count)
        {
            var w = TLanes.Load(with + i);
            ofKey = TLanes.MultiplyAdd(TLanes.Load(key + i), w, ofKey);
            ofQuery = TLanes.MultiplyAdd(TLanes.Load(query + i), w, ofQuery);
        }

        var (keySum, querySum) = (ofKey.Sum(), ofQuery.Sum());
        for (; i < keyDim; i++) (keySum, querySum) = (keySum + (key[i] * with[i]), querySum + (query[i] * with[i]));
        (keyToKey[at], queryToKey[at]) = (keySum * left, querySum * left);
    }

    readonly void Multiply<TLanes>(float* to, float* x, float* y)
        where TLanes : struct, ILanes<TLanes>
    {
        var i = 0;
        for (; i <= keyDim - TLanes.Count; i += TLanes.Count) (TLanes.Load(x + i) * TLanes.Load(y + i)).Store(to + i);
        for (; i < keyDim; i++) to[i] = x[i] * y[i];
    }
}
