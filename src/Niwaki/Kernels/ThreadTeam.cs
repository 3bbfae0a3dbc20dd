using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Niwaki.Tensors;

namespace Niwaki.Kernels;

/// <summary>The CPU as a device: a fixed set of threads that run one job at a time, and the scratch memory of the kernels.</summary>
/// <remarks>
/// Forking and joining costs about a microsecond: members spin for the next job, a millisecond at most, and only then sleep, so a chain of
/// products in a forward pass pays no wake-ups and an idle team no processor time. The calling thread is member 0. One job at a time: a team
/// belongs to one caller, and a job may not start another job on its own team.
/// </remarks>
public sealed unsafe class ThreadTeam : IDisposable
{
    /// <summary>The largest size taken for real; more is a mistake in a setting.</summary>
    public const int MaximumSize = 4096;

    private static readonly long SpinTicks = Stopwatch.Frequency / 1000; // 1 ms: longer than the gap between two kernels

    private const int TakenStride = 128 / sizeof(int); // two cache lines: the processor fetches them in pairs

    private readonly Thread[] _threads;
    private readonly int[] _taken; // tickets taken of every member's share, with space before the first and behind the last
    private readonly object _sleepLock = new();
    private NativeBuffer<byte> _scratch = new(0);
    private ITeamJob? _job;
    private ExceptionDispatchInfo? _fault;
    private volatile int _epoch;
    private int _running;
    private int _sleepers;
    private int _busy;
    private volatile bool _stop;

    private int _barrierCount;
    private volatile int _barrierEpoch;

    /// <summary>Starts the threads.</summary>
    /// <param name="size">Members including the calling thread, 1 to <see cref="MaximumSize"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is out of range.</exception>
    public ThreadTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaximumSize);
        Size = size;
        _taken = new int[(size + 2) * TakenStride];
        _threads = new Thread[size - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int member = i + 1;
            _threads[i] = new Thread(() => WorkerLoop(member)) { IsBackground = true, Name = FormattableString.Invariant($"niwaki-{member}") };
            _threads[i].Start();
        }
    }

    /// <summary>Members, including the calling thread.</summary>
    public int Size { get; }

    /// <summary>Bytes of scratch memory that the team holds for its kernels, such as packed activations; grows to the largest need so far.</summary>
    public long ScratchBytes => _scratch.ByteLength;

    /// <summary>Runs the job on every member and returns when all have finished.</summary>
    /// <param name="job">The job; kept only during the call.</param>
    /// <exception cref="InvalidOperationException">The team is running a job already: a job started another one, or two threads share the team.</exception>
    /// <exception cref="ObjectDisposedException">The team was disposed of.</exception>
    /// <exception cref="Exception">What the job threw first; the other members have finished by then.</exception>
    public void Run(ITeamJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        Enter();
        try
        {
            RestoreTickets();
            _barrierCount = 0;
            _job = job;
            Volatile.Write(ref _running, _threads.Length);
            WakeWorkers();
            ExecuteMember(0);
            WaitForWorkers();
            _fault?.Throw();
        }
        finally
        {
            _fault = null;
            _job = null;
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Runs the body for 0 to count - 1, handed out dynamically in chunks; the order is not defined.</summary>
    /// <param name="count">Iterations, 0 or more.</param>
    /// <param name="chunk">Iterations a member takes at a time, 1 or more.</param>
    /// <param name="body">Called once for each iteration.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or the chunk is not positive.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job already.</exception>
    public void For(int count, int chunk, Action<int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        For(count, chunk, new ActionBody(body));
    }

    /// <summary>Runs the body for 0 to count - 1, handed out dynamically in chunks; the order is not defined. Allocates one small object.</summary>
    /// <typeparam name="TBody">The body as a struct; every member works on a copy.</typeparam>
    /// <param name="count">Iterations, 0 or more.</param>
    /// <param name="chunk">Iterations a member takes at a time, 1 or more.</param>
    /// <param name="body">Called with ranges of at most <paramref name="chunk"/> iterations that cover each iteration once.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or the chunk is not positive.</exception>
    /// <exception cref="InvalidOperationException">The team is running a job already.</exception>
    public void For<TBody>(int count, int chunk, TBody body)
        where TBody : struct, IForBody
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        if (count <= chunk || Size == 1)
        {
            Enter(); // the same refusal of nested jobs whatever the count
            try
            {
                for (int first = 0; first < count; first += Math.Min(chunk, count - first))
                {
                    body.Execute(first, first + Math.Min(chunk, count - first));
                }
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        }
        else
        {
            Run(new LoopJob<TBody>(count, chunk, body));
        }
    }

    /// <summary>
    /// Hands out 0 to count - 1 once each: first the member's own share of them, side by side, then what others have left of theirs. Call from a job only.
    /// </summary>
    /// <remarks>
    /// Where tickets follow the rows, a member meets from job to job the rows it wrote before, which lie in its own caches: a line that another core
    /// wrote costs hundreds of nanoseconds. Until <see cref="Barrier"/> or the end of the job all members ask with the same count.
    /// </remarks>
    /// <param name="member">The member that asks.</param>
    /// <param name="count">Tickets, 0 or more.</param>
    /// <param name="ticket">The ticket.</param>
    /// <returns>Whether there was one left.</returns>
    public bool TryTake(int member, int count, out int ticket) => TryTake(member, count, 1, out ticket, out _);

    /// <summary>
    /// Hands out runs of 0 to count - 1, every ticket once, long ones first and short ones towards the end of a share: little is lost between
    /// tickets, and little by waiting for who comes last. Otherwise as <see cref="TryTake(int, int, out int)"/>.
    /// </summary>
    /// <param name="member">The member that asks.</param>
    /// <param name="count">Tickets, 0 or more.</param>
    /// <param name="most">The longest run, 1 or more.</param>
    /// <param name="first">The first ticket of the run.</param>
    /// <param name="end">The ticket behind the last.</param>
    /// <returns>Whether there was one left.</returns>
    public bool TryTake(int member, int count, int most, out int first, out int end)
    {
        for (int i = 0; i < Size; i++)
        {
            int owner = (member + i) % Size;
            int start = (int)((long)count * owner / Size);
            int share = (int)((long)count * (owner + 1) / Size) - start;
            ref int taken = ref _taken[(owner + 1) * TakenStride];
            for (int seen = Volatile.Read(ref taken); seen < share;)
            {
                int length = Math.Clamp(Size == 1 ? share - seen : (share - seen) / 3, 1, most);
                int found = Interlocked.CompareExchange(ref taken, seen + length, seen);
                if (found == seen)
                {
                    first = start + seen;
                    end = first + length;
                    return true;
                }

                seen = found;
            }
        }

        first = end = count;
        return false;
    }

    /// <summary>Waits until every member has reached the same call; all tickets are there again. Call from a job only.</summary>
    /// <exception cref="OperationCanceledException">Another member failed and will not come; let it pass, <see cref="Run"/> reports the cause.</exception>
    public void Barrier()
    {
        int epoch = _barrierEpoch;
        if (Interlocked.Increment(ref _barrierCount) == Size)
        {
            RestoreTickets();
            _barrierCount = 0;
            _barrierEpoch = epoch + 1;
            return;
        }

        int spins = 0;
        while (_barrierEpoch == epoch)
        {
            if (Volatile.Read(ref _fault) is not null)
            {
                throw new OperationCanceledException("Another member of the thread team failed, expected it at the barrier.");
            }

            SpinOnce(ref spins);
        }
    }

    /// <summary>Memory of at least so many bytes, aligned to 64, contents undefined; valid until the next call of any kernel on this team.</summary>
    /// <param name="byteLength">Bytes, 0 or more.</param>
    /// <exception cref="InvalidOperationException">A job is running: the memory may be in use.</exception>
    internal byte* Scratch(long byteLength)
    {
        ObjectDisposedException.ThrowIf(_stop, this);
        if (Volatile.Read(ref _busy) != 0)
        {
            throw Busy();
        }

        NativeBuffer<byte>.Grow(ref _scratch, byteLength);
        return _scratch.Pointer;
    }

    /// <summary>Ends the threads and frees the scratch memory. Calling it again does nothing.</summary>
    /// <exception cref="InvalidOperationException">A job is running.</exception>
    public void Dispose()
    {
        if (_stop)
        {
            return;
        }

        Enter();
        lock (_sleepLock)
        {
            _stop = true;
            Monitor.PulseAll(_sleepLock);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _scratch.Dispose();
        _scratch = new NativeBuffer<byte>(0);
        Volatile.Write(ref _busy, 0);
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_stop, this);
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw Busy();
        }
    }

    private InvalidOperationException Busy() => new(
        $"Thread team of {Size}: a job is running, expected none. Do not start a job from within a job, and give every calling thread its own team.");

    private void RestoreTickets()
    {
        for (int member = 0; member < Size; member++)
        {
            _taken[(member + 1) * TakenStride] = 0;
        }
    }

    private void WakeWorkers()
    {
        if (_threads.Length == 0)
        {
            return;
        }

        Interlocked.Increment(ref _epoch); // full fence: ordered before the sleepers are read
        if (Volatile.Read(ref _sleepers) != 0)
        {
            lock (_sleepLock)
            {
                Monitor.PulseAll(_sleepLock);
            }
        }
    }

    private void WaitForWorkers()
    {
        int spins = 0;
        while (Volatile.Read(ref _running) != 0)
        {
            SpinOnce(ref spins);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Top of a worker: whatever the job threw goes to the caller of Run.")]
    private void ExecuteMember(int member)
    {
        try
        {
            _job!.Execute(this, member);
        }
        catch (Exception e)
        {
            // The first fault wins; members that give up at a barrier come later.
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
        }
    }

    private void WorkerLoop(int member)
    {
        int seen = 0;
        while (WaitForWork(seen))
        {
            seen++;
            ExecuteMember(member);
            Interlocked.Decrement(ref _running);
        }
    }

    private bool WaitForWork(int seen)
    {
        long end = Stopwatch.GetTimestamp() + SpinTicks;
        do
        {
            for (int i = 0; i < 32; i++)
            {
                if (_epoch != seen)
                {
                    return true;
                }

                Thread.SpinWait(4);
            }
        }
        while (!_stop && Stopwatch.GetTimestamp() < end);

        lock (_sleepLock)
        {
            Interlocked.Increment(ref _sleepers); // full fence: ordered before the epoch is read again
            while (_epoch == seen && !_stop)
            {
                Monitor.Wait(_sleepLock);
            }

            Interlocked.Decrement(ref _sleepers);
        }

        return !_stop;
    }

    private static void SpinOnce(ref int spins)
    {
        // Some 20 µs without a system call, then the core goes to whoever needs it, perhaps the awaited member; never sleeps.
        if (spins < 64)
        {
            spins++;
            Thread.SpinWait(8);
        }
        else
        {
            Thread.Yield();
        }
    }

    private readonly struct ActionBody(Action<int> body) : IForBody
    {
        public void Execute(int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                body(i);
            }
        }
    }

    private sealed class LoopJob<TBody>(int count, int chunk, TBody body) : ITeamJob
        where TBody : struct, IForBody
    {
        private readonly int _chunks = (int)(((long)count + chunk - 1) / chunk);

        public void Execute(ThreadTeam team, int member)
        {
            TBody own = body;
            while (team.TryTake(member, _chunks, out int ticket))
            {
                int first = ticket * chunk;
                own.Execute(first, first + Math.Min(chunk, count - first));
            }
        }
    }
}
