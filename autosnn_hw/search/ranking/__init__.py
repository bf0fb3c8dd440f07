"""What makes one candidate better than another: fitness, what measurements correct, what final weights say."""
