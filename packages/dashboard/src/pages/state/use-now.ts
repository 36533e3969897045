import { useEffect, useState } from 'preact/hooks';

/** The time of now, renewed every `milliseconds`, for ages and durations that are shown. */
export function useNow(milliseconds: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return now;
}
