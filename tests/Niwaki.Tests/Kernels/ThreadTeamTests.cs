using Niwaki.Kernels;

namespace Niwaki.Tests.Kernels;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_Job_EntersEveryMemberOnce(int size)
    {
        using var team = new ThreadTeam(size);
        for (int round = 0; round < 50; round++)
        {
            int[] entered = new int[size];
            team.Run(new Job((_, member) => Interlocked.Increment(ref entered[member])));
            Assert.All(entered, count => Assert.Equal(1, count));
        }
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 10, 3)]
    [InlineData(3, 1, 1)]
    [InlineData(3, 257, 10)]
    [InlineData(3, 257, int.MaxValue)]
    public void For_AnyChunk_EachIterationOnce(int size, int count, int chunk)
    {
        using var team = new ThreadTeam(size);
        int[] seen = new int[count];
        team.For(count, chunk, i => Interlocked.Increment(ref seen[i]));
        Assert.All(seen, times => Assert.Equal(1, times));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    public void For_CountOrChunkOutOfRange_Throws(int count, int chunk)
    {
        using var team = new ThreadTeam(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => team.For(count, chunk, _ => { }));
    }

    [Fact]
    public void Barrier_TwoPhases_SecondSeesAllOfTheFirst()
    {
        using var team = new ThreadTeam(4);
        for (int round = 0; round < 50; round++)
        {
            int first = 0;
            int early = 0;
            int tickets = 0;
            team.Run(new Job((t, member) =>
            {
                Interlocked.Increment(ref first);
                t.Barrier();
                if (Volatile.Read(ref first) != 4)
                {
                    Interlocked.Increment(ref early);
                }

                // Behind the barrier all tickets are there again.
                while (t.TryTake(member, 10, out _))
                {
                    Interlocked.Increment(ref tickets);
                }
            }));
            Assert.Equal(0, early);
            Assert.Equal(10, tickets);
        }
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 10, 4)]
    [InlineData(3, 2, 5)]
    [InlineData(3, 100, 1)]
    [InlineData(3, 100, 7)]
    [InlineData(4, 1000, int.MaxValue)]
    public void TryTake_AnyCountAndRun_EachTicketOnceAndTheOwnShareFirst(int size, int count, int most)
    {
        using var team = new ThreadTeam(size);
        for (int round = 0; round < 20; round++)
        {
            int[] taken = new int[count];
            int strangersFirst = 0;
            int tooLong = 0;
            team.Run(new Job((t, member) =>
            {
                bool helps = false;
                while (t.TryTake(member, count, most, out int first, out int end))
                {
                    bool own = first >= (long)count * member / size && end <= (long)count * (member + 1) / size;
                    strangersFirst += own && helps ? 1 : 0;
                    helps |= !own;
                    tooLong += end - first > most || end <= first ? 1 : 0;
                    for (int ticket = first; ticket < end; ticket++)
                    {
                        Interlocked.Increment(ref taken[ticket]);
                    }
                }
            }));
            Assert.All(taken, times => Assert.Equal(1, times));
            Assert.Equal((0, 0), (strangersFirst, tooLong));
        }
    }

    // The first member holds its first ticket until the other has taken all the rest.
    [Fact]
    public void TryTake_MemberIsLate_OthersTakeItsShare()
    {
        using var team = new ThreadTeam(2);
        int holds = 0;
        int others = 0;
        team.Run(new Job((t, member) =>
        {
            if (member == 1)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref holds) == 1, TimeSpan.FromSeconds(20));
            }

            while (t.TryTake(member, 100, out _))
            {
                if (member == 1)
                {
                    Interlocked.Increment(ref others);
                    continue;
                }

                Volatile.Write(ref holds, 1);
                SpinWait.SpinUntil(() => Volatile.Read(ref others) == 99, TimeSpan.FromSeconds(20));
            }
        }));
        Assert.Equal(99, others);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void Run_MemberThrowsBeforeBarrier_RethrownAndTeamUsableAgain(int size, int thrower)
    {
        using var team = new ThreadTeam(size);
        for (int round = 0; round < 20; round++)
        {
            var job = new Job((t, member) =>
            {
                if (member == thrower)
                {
                    throw new FormatException("by member");
                }

                t.Barrier();
            });
            Assert.Equal("by member", Assert.Throws<FormatException>(() => team.Run(job)).Message);
            int entered = 0;
            team.Run(new Job((t, _) =>
            {
                t.Barrier();
                Interlocked.Increment(ref entered);
            }));
            Assert.Equal(size, entered);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_FromWithinAJob_Throws(int size)
    {
        using var team = new ThreadTeam(size);
        Assert.Throws<InvalidOperationException>(() => team.Run(new Job((t, _) => t.Run(new Job((_, _) => { })))));
        Assert.Throws<InvalidOperationException>(() => team.For(1, 1, _ => team.For(1, 1, _ => { })));
        team.Run(new Job((_, _) => { }));
    }

    [Fact]
    public void Run_AfterSleep_Wakes()
    {
        using var team = new ThreadTeam(2);
        for (int round = 0; round < 5; round++)
        {
            Thread.Sleep(5); // longer than the spinning
            int entered = 0;
            team.Run(new Job((_, _) => Interlocked.Increment(ref entered)));
            Assert.Equal(2, entered);
        }
    }

    [Fact]
    public void Dispose_Twice_FreesScratchAndRefusesJobs()
    {
        var team = new ThreadTeam(3);
        unsafe
        {
            team.Scratch(1000);
        }

        Assert.Equal(1000, team.ScratchBytes);
        team.Dispose();
        team.Dispose();
        Assert.Equal(0, team.ScratchBytes);
        Assert.Throws<ObjectDisposedException>(() => team.Run(new Job((_, _) => { })));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ThreadTeam.MaximumSize + 1)]
    public void Constructor_SizeOutOfRange_Throws(int size) => Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(size));

    private sealed class Job(Action<ThreadTeam, int> body) : ITeamJob
    {
        public void Execute(ThreadTeam team, int member) => body(team, member);
    }
}
